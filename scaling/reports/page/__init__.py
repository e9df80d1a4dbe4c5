"""One HTML page of results folders.

`build` makes a `Page` of records, `render` the bytes of its file. `page` has what stands on it; each other module makes
one thing of it.
"""
