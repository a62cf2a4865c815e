"""The made-up table of docs/how-to/use-your-own-data.md, and what its reader writes by themselves."""
