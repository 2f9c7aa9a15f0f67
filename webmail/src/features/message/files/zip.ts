// Several files as one: a ZIP archive that compresses nothing (most attachments are compressed already).

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const b of bytes) c = (TABLE[(c ^ b) & 255] ?? 0) ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** A name that is a name only, and not one that was there already. */
export function plainName(name: string, taken: Set<string>): string {
  const clean = name.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').replace(/[\\/:*?"<>|]/g, '_').replace(/^\.+/, '_').trim() || 'file'
  const dot = clean.lastIndexOf('.')
  const [base, end] = dot > 0 ? [clean.slice(0, dot), clean.slice(dot)] : [clean, '']
  let out = clean
  for (let n = 2; taken.has(out.toLowerCase()); n++) out = `${base} (${n})${end}`
  taken.add(out.toLowerCase())
  return out
}

function fields(into: DataView, values: [at: number, bytes: 2 | 4, value: number][]): void {
  for (const [at, bytes, value] of values) {
    if (bytes === 2) into.setUint16(at, value, true)
    else into.setUint32(at, value, true)
  }
}

export function zip(files: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[]): Blob {
  const taken = new Set<string>()
  const parts: Uint8Array<ArrayBuffer>[] = []
  const directory: Uint8Array<ArrayBuffer>[] = []
  let at = 0
  for (const file of files) {
    const name = new TextEncoder().encode(plainName(file.name, taken)) as Uint8Array<ArrayBuffer>
    const crc = crc32(file.bytes)
    const { length } = file.bytes
    const local = new Uint8Array(30)
    fields(new DataView(local.buffer), [[0, 4, 0x04034b50], [4, 2, 20], [6, 2, 0x0800], [12, 2, 0x21], [14, 4, crc], [18, 4, length], [22, 4, length], [26, 2, name.length]])
    const entry = new Uint8Array(46)
    fields(new DataView(entry.buffer), [[0, 4, 0x02014b50], [4, 2, 20], [6, 2, 20], [8, 2, 0x0800], [14, 2, 0x21], [16, 4, crc], [20, 4, length], [24, 4, length], [28, 2, name.length], [42, 4, at]])
    parts.push(local, name, file.bytes)
    directory.push(entry, name)
    at += 30 + name.length + length
  }
  const size = directory.reduce((sum, d) => sum + d.length, 0)
  const end = new Uint8Array(22)
  fields(new DataView(end.buffer), [[0, 4, 0x06054b50], [8, 2, files.length], [10, 2, files.length], [12, 4, size], [16, 4, at]])
  return new Blob([...parts, ...directory, end], { type: 'application/zip' })
}
