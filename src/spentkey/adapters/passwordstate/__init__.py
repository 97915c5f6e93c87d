"""The vault: Passwordstate's API for entries and documents, and its SQL Server database to find documents."""
