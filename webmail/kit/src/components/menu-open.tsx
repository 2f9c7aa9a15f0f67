import { Menu } from '@mantine/core'
import { cloneElement, useEffect, useState } from 'react'
import type { MenuOnDemandProps } from './menu'
import { bringMenu } from './menu-parts'

bringMenu(Menu)

/** It takes the place of the one that was clicked, and gets the focus back when the menu closes. */
const takeFocus = (button: HTMLButtonElement | null) => button?.focus({ preventScroll: true })

/** Opens once it is there: Mantine remembers where the focus was when a menu opens, not when it is open from the beginning. */
export default function Opening({ button, children, ...menu }: MenuOnDemandProps) {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setOpen(true), [])
  return (
    <Menu opened={isOpen} onChange={setOpen} {...menu}>
      <Menu.Target>{cloneElement(button, { ref: takeFocus })}</Menu.Target>
      {children}
    </Menu>
  )
}
