// What is dragged over the page: the browser hides it from whoever it is dragged over until it is dropped.
import type { AccountStore } from '../../jmap/store'

export interface Dragged {
  store: AccountStore
  ids: string[]
}
let dragged: Dragged | null = null
export const nowDragged = () => dragged
export function drag(what: Dragged | null): void {
  dragged = what
}

/** A small label that follows the pointer. */
export function dragLabel(event: { dataTransfer: DataTransfer | null }, text: string): void {
  const label = document.createElement('div')
  label.className = 'drag-label'
  label.textContent = text
  document.body.append(label)
  event.dataTransfer?.setDragImage(label, -12, -6)
  setTimeout(() => label.remove())
}
