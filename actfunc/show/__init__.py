"""Records in, pictures out: tables, figures and pages, a file a subject. Computes nothing."""
