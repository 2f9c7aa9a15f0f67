import { Menu, type MenuProps } from '@mantine/core'
import { cloneElement, useState, type HTMLAttributes, type ReactElement, type RefAttributes } from 'react'

interface Props extends MenuProps {
  button: ReactElement<HTMLAttributes<HTMLButtonElement> & RefAttributes<HTMLButtonElement>>
}

/** It takes the place of the one that was clicked, and gets the focus back when the menu closes. */
const takeFocus = (button: HTMLButtonElement | null) => button?.focus({ preventScroll: true })

/** A menu that is made when somebody first opens it: until then there is its button alone, for a closed menu costs a millisecond, and each folder has one. */
export function MenuOnDemand({ button, children, ...menu }: Props) {
  const [isAsked, setAsked] = useState(false)
  if (!isAsked) return cloneElement(button, { 'aria-haspopup': 'menu', 'aria-expanded': false, onClick: () => setAsked(true) })
  return (
    <Menu defaultOpened {...menu}>
      <Menu.Target>{cloneElement(button, { ref: takeFocus })}</Menu.Target>
      {children}
    </Menu>
  )
}
