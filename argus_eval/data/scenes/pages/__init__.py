"""Pages: documents, charts, infographics and labelled diagrams."""
