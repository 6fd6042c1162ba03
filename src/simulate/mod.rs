//! Seeded scenes that behave like SPL3SMP and SPL2SMAP_S. Everything made here is labelled simulated.
