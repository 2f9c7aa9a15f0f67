import { isSmtp, type Connector, type RoutingGroup } from './data'

export interface Box {
  id: string
  x: number
  y: number
  width: number
  height: number
}
export interface Edge {
  connector: Connector
  path: string
  labelX: number
  labelY: number
}
export interface Layout {
  width: number
  height: number
  boxes: Map<string, Box>
  edges: Edge[]
}

export const groupId = (name: string) => `g ${name}`
export const outsideId = (connector: string) => `c ${connector}`
export const DNS = 'dns'

const MARGIN = 14
const FAN = 13 // how far the two ways between the same boxes keep from the middle
const BULGE = 46 // sideways, between boxes of one layer
const HEAD = 7

/** How many connectors away from the first group each group is: neighbours are never further apart than one layer. */
function layersOf(groups: RoutingGroup[], connectors: Connector[]): Map<string, number> {
  const near = new Map<string, Set<string>>(groups.map((g) => [g.name, new Set<string>()]))
  for (const c of connectors) {
    if (!c.routing_group || !c.target_group) continue
    near.get(c.routing_group)?.add(c.target_group)
    near.get(c.target_group)?.add(c.routing_group)
  }
  const layers = new Map<string, number>()
  for (const root of groups) {
    if (layers.has(root.name)) continue
    layers.set(root.name, layers.size === 0 ? 0 : 1)
    const queue = [root.name]
    for (let at = queue.shift(); at !== undefined; at = queue.shift())
      for (const next of near.get(at) ?? []) {
        if (layers.has(next)) continue
        layers.set(next, (layers.get(at) ?? 0) + 1)
        queue.push(next)
      }
  }
  return layers
}

/** Boxes of each layer, in their order: what leads outside stands before the first group's layer or behind the last. */
function arrange(groups: RoutingGroup[], connectors: Connector[]): string[][] {
  const layers = layersOf(groups, connectors)
  const deepest = Math.max(0, ...layers.values())
  const columns: string[][] = Array.from({ length: deepest + 3 }, () => [])
  for (const g of groups) columns[(layers.get(g.name) ?? 0) + 1]?.push(groupId(g.name))
  for (const c of connectors.filter(isSmtp)) {
    const from = layers.get(c.routing_group ?? '') ?? 0
    columns[from === 0 ? 0 : deepest + 2]?.push(outsideId(c.name))
  }
  columns[0]?.push(DNS)
  return columns.filter((c) => c.length > 0)
}

/** From the middle of one box to the other, cut where it leaves and enters them. */
function border(box: Box, towardX: number, towardY: number, gap: number): [number, number] {
  const cx = box.x + box.width / 2
  const cy = box.y + box.height / 2
  const dx = towardX - cx
  const dy = towardY - cy
  const scale = Math.min((box.width / 2 + gap) / Math.max(1e-6, Math.abs(dx)), (box.height / 2 + gap) / Math.max(1e-6, Math.abs(dy)))
  return [cx + dx * Math.min(1, scale), cy + dy * Math.min(1, scale)]
}

function edgeOf(connector: Connector, from: Box, to: Box, bulge: number): Edge {
  const [ax, ay, bx, by] = [from.x + from.width / 2, from.y + from.height / 2, to.x + to.width / 2, to.y + to.height / 2]
  const length = Math.hypot(bx - ax, by - ay) || 1
  const [nx, ny] = [-(by - ay) / length, (bx - ax) / length]
  const [mx, my] = [(ax + bx) / 2 + nx * 2 * (FAN + bulge), (ay + by) / 2 + ny * 2 * (FAN + bulge)]
  const [sx, sy] = border(from, mx, my, 1)
  const [ex, ey] = border(to, mx, my, HEAD)
  const t = 0.44
  const at = (s: number, m: number, e: number) => (1 - t) ** 2 * s + 2 * t * (1 - t) * m + t ** 2 * e
  const round = (n: number) => Math.round(n * 10) / 10
  return { connector, path: `M${round(sx)} ${round(sy)}Q${round(mx)} ${round(my)} ${round(ex)} ${round(ey)}`, labelX: at(sx, mx, ex), labelY: at(sy, my, ey) }
}

/** Places for all boxes and lines between them; `isTall`: layers below one another, for a narrow screen. */
export function layOut(groups: RoutingGroup[], connectors: Connector[], isTall: boolean, heightOf: (id: string) => number): Layout {
  const width = isTall ? 158 : 200
  const [along, across] = isTall ? [84, 14] : [88, 58]
  const columns = arrange(groups, connectors)
  const boxes = new Map<string, Box>()
  const place = new Map<string, [column: number, index: number]>()
  const extent = (ids: string[]) => ids.reduce((n, id) => n + (isTall ? width : heightOf(id)) + across, -across)
  const most = Math.max(...columns.map(extent))
  let offset = MARGIN
  columns.forEach((ids, column) => {
    let at = MARGIN + (most - extent(ids)) / 2
    ids.forEach((id, index) => {
      const height = heightOf(id)
      boxes.set(id, isTall ? { id, x: at, y: offset, width, height } : { id, x: offset, y: at, width, height })
      place.set(id, [column, index])
      at += (isTall ? width : height) + across
    })
    offset += (isTall ? Math.max(...ids.map(heightOf)) : width) + along
  })
  const edges = connectors.flatMap((connector) => {
    const [a, b] = [groupId(connector.routing_group ?? ''), isSmtp(connector) ? outsideId(connector.name) : groupId(connector.target_group ?? '')]
    const [from, to] = [boxes.get(a) ?? boxes.get(groupId(groups[0]?.name ?? '')), boxes.get(b)]
    if (!from || !to) return []
    const [pa, pb] = [place.get(from.id), place.get(to.id)]
    const apart = pa && pb && pa[0] === pb[0] ? Math.abs(pa[1] - pb[1]) - 1 : 0
    return [edgeOf(connector, from, to, apart * BULGE)]
  })
  const [long, wide] = [offset - along + MARGIN, most + 2 * MARGIN]
  return isTall ? { width: wide, height: long, boxes, edges } : { width: long, height: wide, boxes, edges }
}
