// What stands in a menu, before Mantine's code for menus is there: a menu is made when somebody first opens it (menu.tsx), and so are these.
import type { Menu as Whole } from '@mantine/core'
import { createElement, type ElementType } from 'react'

let whole: typeof Whole | undefined
/** Once, by who brings the code (menu-open.tsx). */
export function bringMenu(menu: typeof Whole): void {
  whole = menu
}

function part<C>(of: (menu: typeof Whole) => C): C {
  const Part = (props: object) => whole && createElement(of(whole) as ElementType, props)
  return Part as C
}

const sub = { Target: part((m) => m.Sub.Target), Item: part((m) => m.Sub.Item), Dropdown: part((m) => m.Sub.Dropdown) }
/** Mantine's, for below a MenuOnDemand. */
export const Menu = {
  Dropdown: part((m) => m.Dropdown),
  Item: part((m) => m.Item),
  Label: part((m) => m.Label),
  Divider: part((m) => m.Divider),
  Sub: Object.assign(part<(props: Parameters<typeof Whole.Sub>[0]) => ReturnType<typeof Whole.Sub>>((m) => m.Sub), sub),
}
