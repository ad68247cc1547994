/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trial boot: one sector that proves that a guest really executes under an accelerator. Timer interrupts in
 * real mode, then protected mode with paging and a megabyte of memory written and summed; only then the marker
 * goes to the serial port and QEMU is told to exit. trial_boot.py holds the assembled bytes; a test compares them.
 *
 *   as --32 trial_boot.S -o trial_boot.o
 *   ld -m elf_i386 -Ttext 0x7c00 --oformat binary trial_boot.o -o trial_boot.bin
 */
	.code16
	.globl	_start
_start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	cld

	/* Three timer ticks must wake the processor: proves interrupts. */
	sti
	mov	$3, %cx
tick:	hlt
	loop	tick
	cli

	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$8, $protected

	.code32
protected:
	mov	$16, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss

	/* Identity-map 4 GiB in 4 MiB pages, page directory at 64 KiB. */
	mov	$0x10000, %edi
	mov	%edi, %cr3
	mov	$0x83, %eax
	mov	$1024, %ecx
map:	stosl
	add	$0x400000, %eax
	loop	map
	mov	%cr4, %eax
	or	$0x10, %al
	mov	%eax, %cr4
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	jmp	paged
paged:
	/* Write 1 MiB of ones at 2 MiB and add them up. */
	mov	$0x200000, %edi
	mov	$0x40000, %ecx
	mov	$1, %eax
	rep stosl
	mov	$0x200000, %esi
	mov	$0x40000, %ecx
	xor	%ebx, %ebx
sum:	lodsl
	add	%eax, %ebx
	loop	sum
	cmp	$0x40000, %ebx
	jne	stop

	mov	$marker, %esi
	cld
ready:	mov	$0x3fd, %dx
	in	%dx, %al
	test	$0x20, %al
	jz	ready
	lodsb
	test	%al, %al
	jz	done
	mov	$0x3f8, %dx
	out	%al, %dx
	jmp	ready

	/* isa-debug-exit: QEMU ends with status 2 * 16 + 1. */
done:	mov	$0xf4, %dx
	mov	$16, %al
	out	%al, %dx
stop:	hlt
	jmp	stop

	.align	8
gdt:	.quad	0
	.quad	0x00cf9a000000ffff
	.quad	0x00cf92000000ffff
gdt_pointer:
	.word	23
	.long	gdt
marker:	.asciz	"kdyno-trial-boot ok\r\n"
	.org	510
	.word	0xaa55
