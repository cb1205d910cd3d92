"""One validation rule per file, listed in one tuple."""
