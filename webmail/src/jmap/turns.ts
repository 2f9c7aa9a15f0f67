/**
 * Work of which only so much may go on at a time; the rest waits, first come first served. What nobody wants any more while it waits
 * is never begun. What has begun goes on to its end and keeps its turn, as it does at the other side.
 */
export class Turns {
  private readonly waiting = new Set<() => void>()
  private under = 0
  constructor(private readonly most: number) {}

  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        this.waiting.delete(begin)
        reject(new DOMException('', 'AbortError'))
      }
      const begin = () => {
        this.under++
        void work().then(resolve, reject).finally(() => {
          signal?.removeEventListener('abort', stop)
          this.under--
          this.next()
        })
      }
      if (signal?.aborted) return stop()
      signal?.addEventListener('abort', stop)
      this.waiting.add(begin)
      this.next()
    })
  }

  private next(): void {
    const [begin] = this.waiting
    if (!begin || this.under >= this.most) return
    this.waiting.delete(begin)
    begin()
  }
}
