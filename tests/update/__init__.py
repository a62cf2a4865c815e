"""Updates on real git: named situations, random histories, kills, and the engines we compare with."""
