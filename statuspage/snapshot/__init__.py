"""The published page as files: rendered once per publication, served without database, session or cache server."""
