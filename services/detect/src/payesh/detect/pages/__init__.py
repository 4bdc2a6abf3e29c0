"""What people see: a folder a page, with its routes, templates and static files."""
