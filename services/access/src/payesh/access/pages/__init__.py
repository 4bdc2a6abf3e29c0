"""What people see: a folder a page, with its routes, templates, wording and static files.

Shared by all pages: `rendering` (frame, language, policy), `cookies`, `static_files`.
"""
