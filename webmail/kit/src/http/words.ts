/** The part of an address behind `?` as plain words: all that a page needs to be found again. */
export function words<const K extends string>(...names: K[]): (search: Record<string, unknown>) => { [P in K]?: string | undefined } {
  return (search) => {
    const found: { [P in K]?: string | undefined } = {}
    for (const name of names) {
      const value = search[name]
      if (typeof value === 'string' && value !== '') found[name] = value
    }
    return found
  }
}

export const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text))

export function stringifySearch(search: Record<string, unknown>): string {
  const out = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') out.set(name, value)
  const text = out.toString()
  return text === '' ? '' : `?${text}`
}
