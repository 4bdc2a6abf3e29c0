"""The pages that people see: a folder each, with its route, template and wording."""
