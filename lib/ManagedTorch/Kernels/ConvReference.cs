// Plain loops until the fast convolution kernels (Conv.cs, ConvShape.cs) arrive; delete this file then.
namespace TorchSharp.Kernels;

internal readonly record struct ConvShape(int N, int C, int H, int W, int O, int KH, int KW, int StrideH, int StrideW, int PadH, int PadW, int DilationH = 1, int DilationW = 1)
{ public int OH => (H + 2*PadH - DilationH*(KH-1) - 1)/StrideH + 1; public int OW => (W + 2*PadW - DilationW*(KW-1) - 1)/StrideW + 1; }
internal static unsafe class Conv { 
 public static void Forward<T>(in ConvShape s, T* x, T* w, T* b, T* y) where T: unmanaged, System.Numerics.INumber<T> {
  for(int n=0;n<s.N;n++)for(int o=0;o<s.O;o++)for(int i=0;i<s.OH;i++)for(int j=0;j<s.OW;j++){ T a=b==null?T.Zero:b[o];
   for(int c=0;c<s.C;c++)for(int p=0;p<s.KH;p++)for(int q=0;q<s.KW;q++){int u=i*s.StrideH+p*s.DilationH-s.PadH,v=j*s.StrideW+q*s.DilationW-s.PadW; if(u<0||v<0||u>=s.H||v>=s.W)continue; a+=x[((n*s.C+c)*s.H+u)*s.W+v]*w[((o*s.C+c)*s.KH+p)*s.KW+q];}
   y[((n*s.O+o)*s.OH+i)*s.OW+j]=a;} }
 public static void InputGradient<T>(in ConvShape s, T* gy, T* w, T* gx) where T: unmanaged, System.Numerics.INumber<T> {
  new Span<T>(gx,s.N*s.C*s.H*s.W).Clear();
  for(int n=0;n<s.N;n++)for(int o=0;o<s.O;o++)for(int i=0;i<s.OH;i++)for(int j=0;j<s.OW;j++)
   for(int c=0;c<s.C;c++)for(int p=0;p<s.KH;p++)for(int q=0;q<s.KW;q++){int u=i*s.StrideH+p*s.DilationH-s.PadH,v=j*s.StrideW+q*s.DilationW-s.PadW; if(u<0||v<0||u>=s.H||v>=s.W)continue; gx[((n*s.C+c)*s.H+u)*s.W+v]+=gy[((n*s.O+o)*s.OH+i)*s.OW+j]*w[((o*s.C+c)*s.KH+p)*s.KW+q];} }
 public static void WeightGradient<T>(in ConvShape s, T* x, T* gy, T* gw) where T: unmanaged, System.Numerics.INumber<T> {
  new Span<T>(gw,s.O*s.C*s.KH*s.KW).Clear();
  for(int n=0;n<s.N;n++)for(int o=0;o<s.O;o++)for(int i=0;i<s.OH;i++)for(int j=0;j<s.OW;j++)
   for(int c=0;c<s.C;c++)for(int p=0;p<s.KH;p++)for(int q=0;q<s.KW;q++){int u=i*s.StrideH+p*s.DilationH-s.PadH,v=j*s.StrideW+q*s.DilationW-s.PadW; if(u<0||v<0||u>=s.H||v>=s.W)continue; gw[((o*s.C+c)*s.KH+p)*s.KW+q]+=x[((n*s.C+c)*s.H+u)*s.W+v]*gy[((n*s.O+o)*s.OH+i)*s.OW+j];} }
}
