// What is likely wanted next: fetched once the first list shows and nothing else is to be done, so that it opens at once.
interface Saver {
  connection?: { saveData?: boolean }
}
type Load = () => Promise<unknown>

const AFTER_MS = 100
let waiting: Load[] | null = []
const mark = (what: 'begins' | 'ends') => performance.mark(`ahead-${what}`)

/** One after the other, each when the page is idle; what fails is fetched when it is wanted. */
function next(loads: Load[]): void {
  const [load, ...others] = loads
  if (!load) {
    mark('ends')
    return
  }
  const go = () => void load().catch(() => undefined).then(() => next(others))
  if ('requestIdleCallback' in window) requestIdleCallback(go, { timeout: 5000 })
  else setTimeout(go, AFTER_MS)
}

function begin(loads: Load[]): void {
  mark('begins')
  next(loads)
}

/** Not where data is to be saved. */
export const mayLoadAhead = (): boolean => !(navigator as Saver).connection?.saveData

export function loadAhead(load: Load): void {
  if (!mayLoadAhead()) return
  if (waiting) waiting.push(load)
  else begin([load])
}

/** The first list is there. */
export function listShows(): void {
  const all = waiting
  waiting = null
  if (all) setTimeout(() => begin(all), AFTER_MS)
}
