import type { MenuProps } from '@mantine/core'
import { cloneElement, useState, type HTMLAttributes, type ReactElement, type RefAttributes } from 'react'
import { onDemand } from './on-demand'

export interface MenuOnDemandProps extends MenuProps {
  button: ReactElement<HTMLAttributes<HTMLButtonElement> & RefAttributes<HTMLButtonElement>>
}

const Opening = onDemand(() => import('./menu-open'))
/** The code of menus, for who knows that there is time to fetch it. */
export const loadMenus = Opening.load

/**
 * A menu that is made when somebody first opens it, of the parts in menu-parts.ts: until then there is its button alone, for a closed menu costs a
 * millisecond, and each folder has one.
 */
export function MenuOnDemand(props: MenuOnDemandProps) {
  const [isAsked, setAsked] = useState(false)
  const ask = () => void loadMenus().catch(() => undefined).then(() => setAsked(true)) // what is wrong is said in its place
  return isAsked ? <Opening {...props} /> : cloneElement(props.button, { 'aria-haspopup': 'menu', 'aria-expanded': false, onClick: ask })
}
