import type { ComponentProps } from 'react';
import { classNames } from './class-names.ts';

export type ButtonLook = 'primary' | 'plain' | 'danger' | 'link';

const looks: Readonly<Record<ButtonLook, string>> = {
  primary: 'border border-transparent bg-accent text-accent-ink px-3 font-semibold',
  plain: 'border border-edge bg-surface text-ink px-3 hover:bg-sunken',
  danger: 'border border-line bg-surface text-danger px-2.5 hover:bg-danger-soft',
  link: 'text-ink-2 underline decoration-line-strong underline-offset-3 hover:text-ink px-1.5',
};

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: ButtonLook;
  readonly size?: 's' | 'm';
}

/** A button. `disabled` buttons stay readable and say why beside them. */
export function Button({ look = 'plain', size = 'm', className, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classNames(
        'inline-flex items-center justify-center gap-1.5 rounded-s whitespace-nowrap',
        size === 's' ? 'min-h-7 text-sm' : 'min-h-8.5 text-md',
        'disabled:border-line disabled:bg-sunken disabled:text-ink-3 aria-disabled:border-line aria-disabled:bg-sunken aria-disabled:text-ink-3',
        looks[look],
        className,
      )}
      {...rest}
    />
  );
}
