/** How long mail is kept in a folder, and what becomes of it then. */
export interface Rule {
  folder: string
  days: number
  act: string
}

export const ACTS = ['delete', 'trash', 'archive']
export const FOLDERS = ['*', '\\Trash', '\\Junk', '\\Sent', 'INBOX']

/** As the server writes it: Junk=30:delete. A folder's name may have a = in it. */
export function ruleOf(text: string): Rule {
  const at = text.lastIndexOf('=')
  const [days, act] = text.slice(at + 1).split(':')
  return { folder: text.slice(0, at), days: Number(days), act: act ?? 'delete' }
}

export const textOf = (rule: Rule) => `${rule.folder.trim()}=${rule.days}:${rule.act}`
