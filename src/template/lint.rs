//! What a template must not say or leave out.
