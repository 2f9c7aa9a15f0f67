/** In groups of four, as people compare them. */
export const grouped = (digits: string): string => digits.replace(/(.{4})(?=.)/g, '$1 ')
