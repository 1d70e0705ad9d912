"""Where things are.

An *Area* is a polygon in a tree: city, district, neighbourhood; areas of one parent never overlap. A *Place* is a line
of the gazetteer. All positions are WGS-84 degrees."""
