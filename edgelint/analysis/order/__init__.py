"""Another order of operators that needs less memory."""
