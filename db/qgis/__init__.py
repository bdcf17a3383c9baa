"""What QGIS finds in the database: layer styles, a project and a base map."""
