// What people may do in somebody else's mailbox, by names (docs/recipients.md).
export const MAILBOX_ROLES = ['reader', 'contributor', 'author', 'editor', 'owner'] as const
/** Of public folders, as Outlook calls them. */
export const PUBLIC_ROLES = ['reviewer', 'contributor', 'author', 'editor', 'owner'] as const
export type PublicRole = (typeof PUBLIC_ROLES)[number]
export type Role = (typeof MAILBOX_ROLES)[number] | PublicRole
export const rolesOf = (kind: string): readonly Role[] => (kind === 'public-folder' ? PUBLIC_ROLES : MAILBOX_ROLES)
export const isRole = (word: string | null | undefined): word is Role => [...MAILBOX_ROLES, ...PUBLIC_ROLES].some((role) => role === word)
