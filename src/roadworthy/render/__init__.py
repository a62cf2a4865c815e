"""Values to text. Pure."""

# What a report can be written as: for each, a module here with a function `report_<format>`.
FORMATS = ("text", "json", "sarif", "junit", "markdown")
