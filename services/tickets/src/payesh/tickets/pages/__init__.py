"""What people see: a folder a page, with its routes, cards, templates and static files.

Shared by all pages: `rendering`, `persian` (numbers and dates),
`plates` (a plate as it is drawn), `wording` (Persian words, kept as data in `wording/`).
docs/guides/add-a-page.md shows how a page is added.
"""
