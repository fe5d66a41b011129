"""The steps of the engine: each unpacks records into numbers, calls models, and packs one section of the plan."""
