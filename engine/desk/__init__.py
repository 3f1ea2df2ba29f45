"""Who answers what pages ask: sources and their pictures, networks that aren't built yet."""
