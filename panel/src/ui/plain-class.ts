/** `footsteps/wood` as people say it. */
export const plainClass = (name: string): string => name.split("/").reverse().join(" ").replace(/[-_]/g, " ");
