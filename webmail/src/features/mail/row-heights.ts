/** In pixels, as list.module.css has them. */
export const ROWS = { comfortable: 64, compact: 48 }
/** Of a section's heading. */
export const HEAD = 30
