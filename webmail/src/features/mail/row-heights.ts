/** In pixels, as list.module.css has them. */
export const ROWS = { comfortable: 64, compact: 48 }
/** Of a section's heading. */
export const HEAD = 30
/** Rows that are drawn above and below what is on the screen. */
export const OVERSCAN = 12
