"""The city and where things are.

A *City* is the one that this installation serves. An *Area* is a polygon in a tree: city, district,
neighbourhood; areas of one parent never overlap. A *Place* is a line of the gazetteer. All positions are
WGS-84 degrees."""
