"""The objects that the files of sql/ define, and those that a database has."""
