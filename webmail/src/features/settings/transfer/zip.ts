// ZIP archives: what is in them, one at a time. Stored and deflated entries, without encryption, up to 4 GB.

export class ZipFault extends Error {}

interface Entry {
  name: string
  method: number
  isEncrypted: boolean
  packed: number
  size: number
  at: number
}

const END = 0x06054b50
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const MOST_ENTRIES = 200_000

const view = async (file: Blob, from: number, to: number) => new DataView(await file.slice(Math.max(0, from), to).arrayBuffer())

export async function isZip(file: Blob): Promise<boolean> {
  return file.size >= 22 && (await view(file, 0, 4)).getUint32(0, true) === LOCAL
}

async function directory(file: Blob): Promise<Entry[]> {
  const tail = await view(file, file.size - 66_000, file.size)
  let end = tail.byteLength - 22
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0) throw new ZipFault('no directory')
  const count = tail.getUint16(end + 10, true)
  const size = tail.getUint32(end + 12, true)
  const start = tail.getUint32(end + 16, true)
  if (count === 0xffff || start === 0xffffffff || count > MOST_ENTRIES || start + size > file.size) throw new ZipFault('zip64')
  const all = await view(file, start, start + size)
  const entries: Entry[] = []
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > all.byteLength || all.getUint32(at, true) !== ENTRY) throw new ZipFault('directory')
    const [name, extra, note] = [all.getUint16(at + 28, true), all.getUint16(at + 30, true), all.getUint16(at + 32, true)]
    if (at + 46 + name > all.byteLength) throw new ZipFault('directory')
    entries.push({
      name: new TextDecoder().decode(new Uint8Array(all.buffer, at + 46, name)),
      method: all.getUint16(at + 10, true),
      isEncrypted: (all.getUint16(at + 8, true) & 1) === 1,
      packed: all.getUint32(at + 20, true),
      size: all.getUint32(at + 24, true),
      at: all.getUint32(at + 42, true),
    })
    at += 46 + name + extra + note
  }
  return entries
}

/** Unpacked, as long as it is no larger than it says and than `most`: an archive may be a bomb. */
async function unpack(file: Blob, entry: Entry, most: number): Promise<Blob> {
  const local = await view(file, entry.at, entry.at + 30)
  if (local.byteLength < 30 || local.getUint32(0, true) !== LOCAL || entry.isEncrypted) throw new ZipFault(entry.name)
  const from = entry.at + 30 + local.getUint16(26, true) + local.getUint16(28, true)
  const packed = file.slice(from, from + entry.packed)
  if (entry.method === 0) return packed
  if (entry.method !== 8) throw new ZipFault(entry.name)
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(parts)
    size += value.length
    if (size > Math.min(most, entry.size)) {
      await reader.cancel()
      throw new ZipFault(entry.name)
    }
    parts.push(value as Uint8Array<ArrayBuffer>)
  }
}

/** The files in it that may be messages. One that cannot be read is given with `null`. */
export async function* filesOf(file: Blob, most: number): AsyncGenerator<{ name: string; content: Blob | null }> {
  for (const entry of await directory(file)) {
    if (entry.name.endsWith('/') || !/\.(eml|mbox|mbx|txt)$/i.test(entry.name)) continue
    try {
      yield { name: entry.name, content: await unpack(file, entry, most) }
    } catch {
      yield { name: entry.name, content: null }
    }
  }
}
