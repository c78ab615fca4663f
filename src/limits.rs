//! The platforms' text limits, as named constants. Figures: Discord's developer documentation, August 2026
//! (resources/message, components/reference, interactions/application-commands). Counted in UTF-16 code units there; we
//! count characters and stay below.

/// Characters of an embed's title.
pub const EMBED_TITLE: usize = 256;
/// Characters of an embed's description.
pub const EMBED_DESCRIPTION: usize = 4096;
/// Characters of all embeds of a message together.
pub const EMBEDS_TOTAL: usize = 6000;
/// Characters of a message's plain content.
pub const MESSAGE_CONTENT: usize = 2000;
/// Characters of a button's label.
pub const BUTTON_LABEL: usize = 80;
/// Characters of a select option's label or description.
pub const SELECT_OPTION: usize = 100;
/// Characters of a text option of a slash command.
pub const STRING_OPTION: usize = 6000;

/// The most characters of a reply's title, blocks and choices: they fit one embed's description.
pub const REPLY_BODY: usize = EMBED_DESCRIPTION;
/// The most characters of a reply with its sources, which have an embed of their own.
pub const REPLY_TOTAL: usize = EMBEDS_TOTAL;

/// Slash commands of an app that hold everywhere.
pub const COMMANDS: usize = 100;
/// Characters of the name of a command or option.
pub const COMMAND_NAME: usize = 32;
/// Characters of the description of a command or option.
pub const COMMAND_DESCRIPTION: usize = 100;
/// Options of a command.
pub const COMMAND_OPTIONS: usize = 25;
/// Choices suggested while typing; characters of one are [`SELECT_OPTION`].
pub const SUGGESTIONS: usize = 25;
/// Options of a select menu.
pub const SELECT_OPTIONS: usize = 25;
/// Characters of a select menu's placeholder.
pub const SELECT_PLACEHOLDER: usize = 150;
/// Buttons of a row, and rows of a message.
pub const BUTTONS_PER_ROW: usize = 5;
/// Rows of buttons and menus of a message.
pub const ROWS: usize = 5;
/// Characters of a button's or menu's `custom_id`.
pub const CUSTOM_ID: usize = 100;
/// Characters of an embed's footer.
pub const EMBED_FOOTER: usize = 2048;
