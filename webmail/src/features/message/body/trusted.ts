// Whose pictures are always shown, by the address that was proven to be the sender's.
const KEPT = 'chappe.pictures'
const MOST = 2000

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]')
    return Array.isArray(kept) ? kept.filter((k) => typeof k === 'string') : []
  } catch {
    return []
  }
}

export const isTrusted = (address: string): boolean => address !== '' && read().includes(address.toLowerCase())

export function trust(address: string): void {
  const all = read().filter((a) => a !== address.toLowerCase())
  localStorage.setItem(KEPT, JSON.stringify([...all, address.toLowerCase()].slice(-MOST)))
}
export const trusted = read
export function distrust(address: string): void {
  localStorage.setItem(KEPT, JSON.stringify(read().filter((a) => a !== address.toLowerCase())))
}
