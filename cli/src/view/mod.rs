//! Tasks and steps for the terminal.

mod rows;
mod screen;
mod step;
mod task;
mod words;

pub(crate) use screen::Screen;
pub(crate) use step::StepView;
pub(crate) use task::TaskView;
pub(crate) use words::{cut, duration, failure_of, since, state_words, time_of};
