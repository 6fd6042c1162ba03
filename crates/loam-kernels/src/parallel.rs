//! Work on all threads there are, with results that do not depend on how many.
//!
//! A task writes only what it owns, and tasks are cut by the extents of the images, never by the number of threads: sums are made in
//! the same order everywhere. In a browser there is one thread, and so there is natively without the feature `cli`.

/// Does every task; `scratch` makes working memory that one thread uses for one task after the other.
#[cfg(feature = "threads")]
pub fn for_each<T: Send, S>(
    tasks: Vec<T>,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, T) + Sync + Send,
) {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    if tasks.len() < 2 || rayon::current_num_threads() < 2 {
        let mut memory = scratch();
        tasks.into_iter().for_each(|task| work(&mut memory, task));
    } else {
        tasks.into_par_iter().for_each_init(scratch, work);
    }
}

/// Does every task; `scratch` makes working memory that is used for one task after the other.
#[cfg(not(feature = "threads"))]
pub fn for_each<T: Send, S>(
    tasks: Vec<T>,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, T) + Sync + Send,
) {
    let mut memory = scratch();
    tasks.into_iter().for_each(|task| work(&mut memory, task));
}
