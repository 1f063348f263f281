"""How any system's poems compare with real ones: one file of poems in, one set of figures out."""
