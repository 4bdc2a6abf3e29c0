"""The notice of an issued citation on paper: its words, and its printing as a tagged PDF/A."""
