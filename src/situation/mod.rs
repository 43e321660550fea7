//! What the moment means: Now, obligations, silence per audience, ages. Pure.
