// A screenshot as an indexed PNG of 200 colours: a third of the size, and text as sharp as before.
import { createRequire } from 'node:module'
import { deflateSync } from 'node:zlib'

const require = createRequire(new URL('../../admin-console/package.json', import.meta.url))
const { PNG } = require('playwright-core/lib/utilsBundle')
const COLOURS = 200

const crcs = Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  let crc = 0xffffffff
  for (const byte of body) crc = crcs[(crc ^ byte) & 255] ^ (crc >>> 8)
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length)
  body.copy(out, 4)
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4)
  return out
}

/** The colours that occur most, and for each other one the nearest of them. */
function paletteOf(pixels) {
  const counts = new Map()
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, COLOURS).map(([colour]) => colour)
  const far = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2
  const index = new Map()
  for (const colour of counts.keys()) {
    let best = 0
    for (let i = 1; i < palette.length; i++) if (far(palette[i], colour) < far(palette[best], colour)) best = i
    index.set(colour, best)
  }
  return { palette, index }
}

export function smallPng(bytes) {
  const { width, height, data } = PNG.sync.read(bytes)
  const { palette, index } = paletteOf(data)
  const rows = Buffer.alloc((width + 1) * height) // each begins with its filter, 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 4
      rows[y * (width + 1) + 1 + x] = index.get((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
    }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}
