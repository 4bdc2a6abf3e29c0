"""Evidence: the bundle of a citation, its clip, its manifest, and its verification offline."""
